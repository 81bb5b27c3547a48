; ModuleID = '__compute_module_wrapped_dynamic-slice_kernel_module'
source_filename = "__compute_module_wrapped_dynamic-slice_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable
define noalias noundef ptr @wrapped_dynamic-slice(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
iter.check:
  %1 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %2 = load ptr, ptr %1, align 8, !invariant.load !3
  %3 = load ptr, ptr %2, align 8, !invariant.load !3, !dereferenceable !4
  %4 = getelementptr inbounds nuw i8, ptr %2, i64 32
  %5 = load ptr, ptr %4, align 8, !invariant.load !3, !dereferenceable !5
  %6 = getelementptr inbounds nuw i8, ptr %2, i64 48
  %7 = load ptr, ptr %6, align 8, !invariant.load !3, !dereferenceable !6
  tail call void @llvm.experimental.noalias.scope.decl(metadata !7)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !10)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !12)
  %8 = load i32, ptr %5, align 4, !invariant.load !3, !alias.scope !10, !noalias !14
  %9 = icmp sgt i32 %8, 0
  %10 = zext i1 %9 to i64
  %invariant.gep = getelementptr [4 x i8], ptr %3, i64 %10
  br label %vector.body

vector.body:                                      ; preds = %vector.body.7, %iter.check
  %index = phi i64 [ 0, %iter.check ], [ %index.next.7, %vector.body.7 ]
  %11 = getelementptr [4 x i8], ptr %invariant.gep, i64 %index
  %12 = getelementptr i8, ptr %11, i64 32
  %13 = getelementptr i8, ptr %11, i64 64
  %14 = getelementptr i8, ptr %11, i64 96
  %wide.load = load <8 x float>, ptr %11, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load1 = load <8 x float>, ptr %12, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load2 = load <8 x float>, ptr %13, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load3 = load <8 x float>, ptr %14, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %15 = getelementptr inbounds nuw [4 x i8], ptr %7, i64 %index
  %16 = getelementptr inbounds nuw i8, ptr %15, i64 32
  %17 = getelementptr inbounds nuw i8, ptr %15, i64 64
  %18 = getelementptr inbounds nuw i8, ptr %15, i64 96
  store <8 x float> %wide.load, ptr %15, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load1, ptr %16, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load2, ptr %17, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load3, ptr %18, align 4, !alias.scope !12, !noalias !16
  %index.next = or disjoint i64 %index, 32
  %19 = getelementptr [4 x i8], ptr %invariant.gep, i64 %index.next
  %20 = getelementptr i8, ptr %19, i64 32
  %21 = getelementptr i8, ptr %19, i64 64
  %22 = getelementptr i8, ptr %19, i64 96
  %wide.load.1 = load <8 x float>, ptr %19, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load1.1 = load <8 x float>, ptr %20, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load2.1 = load <8 x float>, ptr %21, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load3.1 = load <8 x float>, ptr %22, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %23 = getelementptr inbounds nuw [4 x i8], ptr %7, i64 %index.next
  %24 = getelementptr inbounds nuw i8, ptr %23, i64 32
  %25 = getelementptr inbounds nuw i8, ptr %23, i64 64
  %26 = getelementptr inbounds nuw i8, ptr %23, i64 96
  store <8 x float> %wide.load.1, ptr %23, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load1.1, ptr %24, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load2.1, ptr %25, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load3.1, ptr %26, align 4, !alias.scope !12, !noalias !16
  %index.next.1 = or disjoint i64 %index, 64
  %27 = getelementptr [4 x i8], ptr %invariant.gep, i64 %index.next.1
  %28 = getelementptr i8, ptr %27, i64 32
  %29 = getelementptr i8, ptr %27, i64 64
  %30 = getelementptr i8, ptr %27, i64 96
  %wide.load.2 = load <8 x float>, ptr %27, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load1.2 = load <8 x float>, ptr %28, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load2.2 = load <8 x float>, ptr %29, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load3.2 = load <8 x float>, ptr %30, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %31 = getelementptr inbounds nuw [4 x i8], ptr %7, i64 %index.next.1
  %32 = getelementptr inbounds nuw i8, ptr %31, i64 32
  %33 = getelementptr inbounds nuw i8, ptr %31, i64 64
  %34 = getelementptr inbounds nuw i8, ptr %31, i64 96
  store <8 x float> %wide.load.2, ptr %31, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load1.2, ptr %32, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load2.2, ptr %33, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load3.2, ptr %34, align 4, !alias.scope !12, !noalias !16
  %index.next.2 = or disjoint i64 %index, 96
  %35 = getelementptr [4 x i8], ptr %invariant.gep, i64 %index.next.2
  %36 = getelementptr i8, ptr %35, i64 32
  %37 = getelementptr i8, ptr %35, i64 64
  %38 = getelementptr i8, ptr %35, i64 96
  %wide.load.3 = load <8 x float>, ptr %35, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load1.3 = load <8 x float>, ptr %36, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load2.3 = load <8 x float>, ptr %37, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load3.3 = load <8 x float>, ptr %38, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %39 = getelementptr inbounds nuw [4 x i8], ptr %7, i64 %index.next.2
  %40 = getelementptr inbounds nuw i8, ptr %39, i64 32
  %41 = getelementptr inbounds nuw i8, ptr %39, i64 64
  %42 = getelementptr inbounds nuw i8, ptr %39, i64 96
  store <8 x float> %wide.load.3, ptr %39, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load1.3, ptr %40, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load2.3, ptr %41, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load3.3, ptr %42, align 4, !alias.scope !12, !noalias !16
  %index.next.3 = or disjoint i64 %index, 128
  %43 = getelementptr [4 x i8], ptr %invariant.gep, i64 %index.next.3
  %44 = getelementptr i8, ptr %43, i64 32
  %45 = getelementptr i8, ptr %43, i64 64
  %46 = getelementptr i8, ptr %43, i64 96
  %wide.load.4 = load <8 x float>, ptr %43, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load1.4 = load <8 x float>, ptr %44, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load2.4 = load <8 x float>, ptr %45, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load3.4 = load <8 x float>, ptr %46, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %47 = getelementptr inbounds nuw [4 x i8], ptr %7, i64 %index.next.3
  %48 = getelementptr inbounds nuw i8, ptr %47, i64 32
  %49 = getelementptr inbounds nuw i8, ptr %47, i64 64
  %50 = getelementptr inbounds nuw i8, ptr %47, i64 96
  store <8 x float> %wide.load.4, ptr %47, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load1.4, ptr %48, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load2.4, ptr %49, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load3.4, ptr %50, align 4, !alias.scope !12, !noalias !16
  %index.next.4 = or disjoint i64 %index, 160
  %51 = getelementptr [4 x i8], ptr %invariant.gep, i64 %index.next.4
  %52 = getelementptr i8, ptr %51, i64 32
  %53 = getelementptr i8, ptr %51, i64 64
  %54 = getelementptr i8, ptr %51, i64 96
  %wide.load.5 = load <8 x float>, ptr %51, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load1.5 = load <8 x float>, ptr %52, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load2.5 = load <8 x float>, ptr %53, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load3.5 = load <8 x float>, ptr %54, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %55 = getelementptr inbounds nuw [4 x i8], ptr %7, i64 %index.next.4
  %56 = getelementptr inbounds nuw i8, ptr %55, i64 32
  %57 = getelementptr inbounds nuw i8, ptr %55, i64 64
  %58 = getelementptr inbounds nuw i8, ptr %55, i64 96
  store <8 x float> %wide.load.5, ptr %55, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load1.5, ptr %56, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load2.5, ptr %57, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load3.5, ptr %58, align 4, !alias.scope !12, !noalias !16
  %index.next.5 = or disjoint i64 %index, 192
  %59 = getelementptr [4 x i8], ptr %invariant.gep, i64 %index.next.5
  %60 = getelementptr i8, ptr %59, i64 32
  %61 = getelementptr i8, ptr %59, i64 64
  %62 = getelementptr i8, ptr %59, i64 96
  %wide.load.6 = load <8 x float>, ptr %59, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load1.6 = load <8 x float>, ptr %60, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load2.6 = load <8 x float>, ptr %61, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load3.6 = load <8 x float>, ptr %62, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %63 = getelementptr inbounds nuw [4 x i8], ptr %7, i64 %index.next.5
  %64 = getelementptr inbounds nuw i8, ptr %63, i64 32
  %65 = getelementptr inbounds nuw i8, ptr %63, i64 64
  %66 = getelementptr inbounds nuw i8, ptr %63, i64 96
  store <8 x float> %wide.load.6, ptr %63, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load1.6, ptr %64, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load2.6, ptr %65, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load3.6, ptr %66, align 4, !alias.scope !12, !noalias !16
  %67 = icmp eq i64 %index, 768
  br i1 %67, label %vec.epilog.vector.body, label %vector.body.7

vector.body.7:                                    ; preds = %vector.body
  %index.next.6 = or disjoint i64 %index, 224
  %68 = getelementptr [4 x i8], ptr %invariant.gep, i64 %index.next.6
  %69 = getelementptr i8, ptr %68, i64 32
  %70 = getelementptr i8, ptr %68, i64 64
  %71 = getelementptr i8, ptr %68, i64 96
  %wide.load.7 = load <8 x float>, ptr %68, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load1.7 = load <8 x float>, ptr %69, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load2.7 = load <8 x float>, ptr %70, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %wide.load3.7 = load <8 x float>, ptr %71, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %72 = getelementptr inbounds nuw [4 x i8], ptr %7, i64 %index.next.6
  %73 = getelementptr inbounds nuw i8, ptr %72, i64 32
  %74 = getelementptr inbounds nuw i8, ptr %72, i64 64
  %75 = getelementptr inbounds nuw i8, ptr %72, i64 96
  store <8 x float> %wide.load.7, ptr %72, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load1.7, ptr %73, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load2.7, ptr %74, align 4, !alias.scope !12, !noalias !16
  store <8 x float> %wide.load3.7, ptr %75, align 4, !alias.scope !12, !noalias !16
  %index.next.7 = add nuw nsw i64 %index, 256
  br label %vector.body

vec.epilog.vector.body:                           ; preds = %vector.body
  %76 = getelementptr i8, ptr %invariant.gep, i64 3968
  %wide.load5 = load <4 x float>, ptr %76, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %77 = getelementptr inbounds nuw i8, ptr %7, i64 3968
  store <4 x float> %wide.load5, ptr %77, align 4, !alias.scope !12, !noalias !16
  %78 = getelementptr i8, ptr %invariant.gep, i64 3984
  %wide.load5.1 = load <4 x float>, ptr %78, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %79 = getelementptr inbounds nuw i8, ptr %7, i64 3984
  store <4 x float> %wide.load5.1, ptr %79, align 4, !alias.scope !12, !noalias !16
  %80 = getelementptr i8, ptr %invariant.gep, i64 4000
  %wide.load5.2 = load <4 x float>, ptr %80, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %81 = getelementptr inbounds nuw i8, ptr %7, i64 4000
  store <4 x float> %wide.load5.2, ptr %81, align 4, !alias.scope !12, !noalias !16
  %82 = getelementptr i8, ptr %invariant.gep, i64 4016
  %wide.load5.3 = load <4 x float>, ptr %82, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %83 = getelementptr inbounds nuw i8, ptr %7, i64 4016
  store <4 x float> %wide.load5.3, ptr %83, align 4, !alias.scope !12, !noalias !16
  %84 = getelementptr i8, ptr %invariant.gep, i64 4032
  %wide.load5.4 = load <4 x float>, ptr %84, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %85 = getelementptr inbounds nuw i8, ptr %7, i64 4032
  store <4 x float> %wide.load5.4, ptr %85, align 4, !alias.scope !12, !noalias !16
  %86 = getelementptr i8, ptr %invariant.gep, i64 4048
  %wide.load5.5 = load <4 x float>, ptr %86, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %87 = getelementptr inbounds nuw i8, ptr %7, i64 4048
  store <4 x float> %wide.load5.5, ptr %87, align 4, !alias.scope !12, !noalias !16
  %88 = getelementptr i8, ptr %invariant.gep, i64 4064
  %wide.load5.6 = load <4 x float>, ptr %88, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %89 = getelementptr inbounds nuw i8, ptr %7, i64 4064
  store <4 x float> %wide.load5.6, ptr %89, align 4, !alias.scope !12, !noalias !16
  %gep = getelementptr i8, ptr %invariant.gep, i64 4080
  %90 = load float, ptr %gep, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %91 = getelementptr inbounds nuw i8, ptr %7, i64 4080
  store float %90, ptr %91, align 4, !alias.scope !12, !noalias !16
  %gep.1 = getelementptr i8, ptr %invariant.gep, i64 4084
  %92 = load float, ptr %gep.1, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %93 = getelementptr inbounds nuw i8, ptr %7, i64 4084
  store float %92, ptr %93, align 4, !alias.scope !12, !noalias !16
  %gep.2 = getelementptr i8, ptr %invariant.gep, i64 4088
  %94 = load float, ptr %gep.2, align 4, !invariant.load !3, !alias.scope !7, !noalias !15
  %95 = getelementptr inbounds nuw i8, ptr %7, i64 4088
  store float %94, ptr %95, align 4, !alias.scope !12, !noalias !16
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite)
declare void @llvm.experimental.noalias.scope.decl(metadata) #1

attributes #0 = { nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable "frame-pointer"="all" "prefer-vector-width"="256" }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite) }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__loop_fusion_kernel_emitter__hlo_opcode__fusion"}
!3 = !{}
!4 = !{i64 4096}
!5 = !{i64 4}
!6 = !{i64 4092}
!7 = !{!8}
!8 = distinct !{!8, !9, !"wrapped_dynamic-slice_wrapped: argument 0"}
!9 = distinct !{!9, !"wrapped_dynamic-slice_wrapped"}
!10 = !{!11}
!11 = distinct !{!11, !9, !"wrapped_dynamic-slice_wrapped: argument 1"}
!12 = !{!13}
!13 = distinct !{!13, !9, !"wrapped_dynamic-slice_wrapped: argument 2"}
!14 = !{!8, !13}
!15 = !{!11, !13}
!16 = !{!8, !11}
