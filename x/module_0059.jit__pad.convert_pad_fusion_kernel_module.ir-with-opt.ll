; ModuleID = '__compute_module_convert_pad_fusion_kernel_module'
source_filename = "__compute_module_convert_pad_fusion_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable
define noalias noundef ptr @convert_pad_fusion(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
iter.check:
  %1 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %2 = load ptr, ptr %1, align 8, !invariant.load !3
  %3 = load ptr, ptr %2, align 8, !invariant.load !3, !dereferenceable !4
  %4 = getelementptr inbounds nuw i8, ptr %2, i64 32
  %5 = load ptr, ptr %4, align 8, !invariant.load !3, !dereferenceable !5
  tail call void @llvm.experimental.noalias.scope.decl(metadata !6)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !9)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !11)
  %6 = getelementptr inbounds nuw i8, ptr %2, i64 16
  %7 = load ptr, ptr %6, align 8, !invariant.load !3, !dereferenceable !13
  %8 = load i32, ptr %7, align 4, !invariant.load !3, !alias.scope !9, !noalias !14
  %9 = sitofp i32 %8 to float
  store float %9, ptr %5, align 4, !alias.scope !11, !noalias !15
  br label %vector.body

vector.body:                                      ; preds = %vector.body.7, %iter.check
  %index = phi i64 [ 0, %iter.check ], [ %index.next.7, %vector.body.7 ]
  %10 = or disjoint i64 %index, 1
  %11 = getelementptr [4 x i8], ptr %3, i64 %10
  %12 = getelementptr i8, ptr %11, i64 -4
  %13 = getelementptr i8, ptr %11, i64 28
  %14 = getelementptr i8, ptr %11, i64 60
  %15 = getelementptr i8, ptr %11, i64 92
  %wide.load = load <8 x float>, ptr %12, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load2 = load <8 x float>, ptr %13, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load3 = load <8 x float>, ptr %14, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load4 = load <8 x float>, ptr %15, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %16 = getelementptr inbounds nuw [4 x i8], ptr %5, i64 %10
  %17 = getelementptr inbounds nuw i8, ptr %16, i64 32
  %18 = getelementptr inbounds nuw i8, ptr %16, i64 64
  %19 = getelementptr inbounds nuw i8, ptr %16, i64 96
  store <8 x float> %wide.load, ptr %16, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load2, ptr %17, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load3, ptr %18, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load4, ptr %19, align 4, !alias.scope !11, !noalias !15
  %20 = or disjoint i64 %index, 33
  %21 = getelementptr [4 x i8], ptr %3, i64 %20
  %22 = getelementptr i8, ptr %21, i64 -4
  %23 = getelementptr i8, ptr %21, i64 28
  %24 = getelementptr i8, ptr %21, i64 60
  %25 = getelementptr i8, ptr %21, i64 92
  %wide.load.1 = load <8 x float>, ptr %22, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load2.1 = load <8 x float>, ptr %23, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load3.1 = load <8 x float>, ptr %24, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load4.1 = load <8 x float>, ptr %25, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %26 = getelementptr inbounds nuw [4 x i8], ptr %5, i64 %20
  %27 = getelementptr inbounds nuw i8, ptr %26, i64 32
  %28 = getelementptr inbounds nuw i8, ptr %26, i64 64
  %29 = getelementptr inbounds nuw i8, ptr %26, i64 96
  store <8 x float> %wide.load.1, ptr %26, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load2.1, ptr %27, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load3.1, ptr %28, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load4.1, ptr %29, align 4, !alias.scope !11, !noalias !15
  %30 = or disjoint i64 %index, 65
  %31 = getelementptr [4 x i8], ptr %3, i64 %30
  %32 = getelementptr i8, ptr %31, i64 -4
  %33 = getelementptr i8, ptr %31, i64 28
  %34 = getelementptr i8, ptr %31, i64 60
  %35 = getelementptr i8, ptr %31, i64 92
  %wide.load.2 = load <8 x float>, ptr %32, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load2.2 = load <8 x float>, ptr %33, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load3.2 = load <8 x float>, ptr %34, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load4.2 = load <8 x float>, ptr %35, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %36 = getelementptr inbounds nuw [4 x i8], ptr %5, i64 %30
  %37 = getelementptr inbounds nuw i8, ptr %36, i64 32
  %38 = getelementptr inbounds nuw i8, ptr %36, i64 64
  %39 = getelementptr inbounds nuw i8, ptr %36, i64 96
  store <8 x float> %wide.load.2, ptr %36, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load2.2, ptr %37, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load3.2, ptr %38, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load4.2, ptr %39, align 4, !alias.scope !11, !noalias !15
  %40 = or disjoint i64 %index, 97
  %41 = getelementptr [4 x i8], ptr %3, i64 %40
  %42 = getelementptr i8, ptr %41, i64 -4
  %43 = getelementptr i8, ptr %41, i64 28
  %44 = getelementptr i8, ptr %41, i64 60
  %45 = getelementptr i8, ptr %41, i64 92
  %wide.load.3 = load <8 x float>, ptr %42, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load2.3 = load <8 x float>, ptr %43, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load3.3 = load <8 x float>, ptr %44, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load4.3 = load <8 x float>, ptr %45, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %46 = getelementptr inbounds nuw [4 x i8], ptr %5, i64 %40
  %47 = getelementptr inbounds nuw i8, ptr %46, i64 32
  %48 = getelementptr inbounds nuw i8, ptr %46, i64 64
  %49 = getelementptr inbounds nuw i8, ptr %46, i64 96
  store <8 x float> %wide.load.3, ptr %46, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load2.3, ptr %47, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load3.3, ptr %48, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load4.3, ptr %49, align 4, !alias.scope !11, !noalias !15
  %50 = or disjoint i64 %index, 129
  %51 = getelementptr [4 x i8], ptr %3, i64 %50
  %52 = getelementptr i8, ptr %51, i64 -4
  %53 = getelementptr i8, ptr %51, i64 28
  %54 = getelementptr i8, ptr %51, i64 60
  %55 = getelementptr i8, ptr %51, i64 92
  %wide.load.4 = load <8 x float>, ptr %52, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load2.4 = load <8 x float>, ptr %53, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load3.4 = load <8 x float>, ptr %54, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load4.4 = load <8 x float>, ptr %55, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %56 = getelementptr inbounds nuw [4 x i8], ptr %5, i64 %50
  %57 = getelementptr inbounds nuw i8, ptr %56, i64 32
  %58 = getelementptr inbounds nuw i8, ptr %56, i64 64
  %59 = getelementptr inbounds nuw i8, ptr %56, i64 96
  store <8 x float> %wide.load.4, ptr %56, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load2.4, ptr %57, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load3.4, ptr %58, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load4.4, ptr %59, align 4, !alias.scope !11, !noalias !15
  %60 = or disjoint i64 %index, 161
  %61 = getelementptr [4 x i8], ptr %3, i64 %60
  %62 = getelementptr i8, ptr %61, i64 -4
  %63 = getelementptr i8, ptr %61, i64 28
  %64 = getelementptr i8, ptr %61, i64 60
  %65 = getelementptr i8, ptr %61, i64 92
  %wide.load.5 = load <8 x float>, ptr %62, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load2.5 = load <8 x float>, ptr %63, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load3.5 = load <8 x float>, ptr %64, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load4.5 = load <8 x float>, ptr %65, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %66 = getelementptr inbounds nuw [4 x i8], ptr %5, i64 %60
  %67 = getelementptr inbounds nuw i8, ptr %66, i64 32
  %68 = getelementptr inbounds nuw i8, ptr %66, i64 64
  %69 = getelementptr inbounds nuw i8, ptr %66, i64 96
  store <8 x float> %wide.load.5, ptr %66, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load2.5, ptr %67, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load3.5, ptr %68, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load4.5, ptr %69, align 4, !alias.scope !11, !noalias !15
  %70 = or disjoint i64 %index, 193
  %71 = getelementptr [4 x i8], ptr %3, i64 %70
  %72 = getelementptr i8, ptr %71, i64 -4
  %73 = getelementptr i8, ptr %71, i64 28
  %74 = getelementptr i8, ptr %71, i64 60
  %75 = getelementptr i8, ptr %71, i64 92
  %wide.load.6 = load <8 x float>, ptr %72, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load2.6 = load <8 x float>, ptr %73, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load3.6 = load <8 x float>, ptr %74, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load4.6 = load <8 x float>, ptr %75, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %76 = getelementptr inbounds nuw [4 x i8], ptr %5, i64 %70
  %77 = getelementptr inbounds nuw i8, ptr %76, i64 32
  %78 = getelementptr inbounds nuw i8, ptr %76, i64 64
  %79 = getelementptr inbounds nuw i8, ptr %76, i64 96
  store <8 x float> %wide.load.6, ptr %76, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load2.6, ptr %77, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load3.6, ptr %78, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load4.6, ptr %79, align 4, !alias.scope !11, !noalias !15
  %80 = icmp eq i64 %index, 768
  br i1 %80, label %vec.epilog.vector.body, label %vector.body.7

vector.body.7:                                    ; preds = %vector.body
  %81 = or disjoint i64 %index, 225
  %82 = getelementptr [4 x i8], ptr %3, i64 %81
  %83 = getelementptr i8, ptr %82, i64 -4
  %84 = getelementptr i8, ptr %82, i64 28
  %85 = getelementptr i8, ptr %82, i64 60
  %86 = getelementptr i8, ptr %82, i64 92
  %wide.load.7 = load <8 x float>, ptr %83, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load2.7 = load <8 x float>, ptr %84, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load3.7 = load <8 x float>, ptr %85, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load4.7 = load <8 x float>, ptr %86, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %87 = getelementptr inbounds nuw [4 x i8], ptr %5, i64 %81
  %88 = getelementptr inbounds nuw i8, ptr %87, i64 32
  %89 = getelementptr inbounds nuw i8, ptr %87, i64 64
  %90 = getelementptr inbounds nuw i8, ptr %87, i64 96
  store <8 x float> %wide.load.7, ptr %87, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load2.7, ptr %88, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load3.7, ptr %89, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load4.7, ptr %90, align 4, !alias.scope !11, !noalias !15
  %index.next.7 = add nuw nsw i64 %index, 256
  br label %vector.body

vec.epilog.vector.body:                           ; preds = %vector.body
  %91 = getelementptr inbounds nuw i8, ptr %3, i64 3968
  %wide.load6 = load <8 x float>, ptr %91, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %92 = getelementptr inbounds nuw i8, ptr %5, i64 3972
  store <8 x float> %wide.load6, ptr %92, align 4, !alias.scope !11, !noalias !15
  %93 = getelementptr inbounds nuw i8, ptr %3, i64 4000
  %wide.load6.1 = load <8 x float>, ptr %93, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %94 = getelementptr inbounds nuw i8, ptr %5, i64 4004
  store <8 x float> %wide.load6.1, ptr %94, align 4, !alias.scope !11, !noalias !15
  %95 = getelementptr inbounds nuw i8, ptr %3, i64 4032
  %wide.load6.2 = load <8 x float>, ptr %95, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %96 = getelementptr inbounds nuw i8, ptr %5, i64 4036
  store <8 x float> %wide.load6.2, ptr %96, align 4, !alias.scope !11, !noalias !15
  %97 = getelementptr inbounds nuw i8, ptr %3, i64 4064
  %98 = load float, ptr %97, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %99 = getelementptr inbounds nuw i8, ptr %5, i64 4068
  store float %98, ptr %99, align 4, !alias.scope !11, !noalias !15
  %100 = getelementptr inbounds nuw i8, ptr %3, i64 4068
  %101 = load float, ptr %100, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %102 = getelementptr inbounds nuw i8, ptr %5, i64 4072
  store float %101, ptr %102, align 4, !alias.scope !11, !noalias !15
  %103 = getelementptr inbounds nuw i8, ptr %3, i64 4072
  %104 = load float, ptr %103, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %105 = getelementptr inbounds nuw i8, ptr %5, i64 4076
  store float %104, ptr %105, align 4, !alias.scope !11, !noalias !15
  %106 = getelementptr inbounds nuw i8, ptr %3, i64 4076
  %107 = load float, ptr %106, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %108 = getelementptr inbounds nuw i8, ptr %5, i64 4080
  store float %107, ptr %108, align 4, !alias.scope !11, !noalias !15
  %109 = getelementptr inbounds nuw i8, ptr %3, i64 4080
  %110 = load float, ptr %109, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %111 = getelementptr inbounds nuw i8, ptr %5, i64 4084
  store float %110, ptr %111, align 4, !alias.scope !11, !noalias !15
  %112 = getelementptr inbounds nuw i8, ptr %3, i64 4084
  %113 = load float, ptr %112, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %114 = getelementptr inbounds nuw i8, ptr %5, i64 4088
  store float %113, ptr %114, align 4, !alias.scope !11, !noalias !15
  %115 = getelementptr inbounds nuw i8, ptr %3, i64 4088
  %116 = load float, ptr %115, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %117 = getelementptr inbounds nuw i8, ptr %5, i64 4092
  store float %116, ptr %117, align 4, !alias.scope !11, !noalias !15
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
!4 = !{i64 4092}
!5 = !{i64 4096}
!6 = !{!7}
!7 = distinct !{!7, !8, !"convert_pad_fusion_wrapped: argument 0"}
!8 = distinct !{!8, !"convert_pad_fusion_wrapped"}
!9 = !{!10}
!10 = distinct !{!10, !8, !"convert_pad_fusion_wrapped: argument 1"}
!11 = !{!12}
!12 = distinct !{!12, !8, !"convert_pad_fusion_wrapped: argument 2"}
!13 = !{i64 4}
!14 = !{!7, !12}
!15 = !{!7, !10}
!16 = !{!10, !12}
