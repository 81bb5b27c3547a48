; ModuleID = '__compute_module___compute_module_wrapped_or'
source_filename = "__compute_module___compute_module_wrapped_or"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind
define noalias noundef ptr @wrapped_or(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
  %2 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %3 = load ptr, ptr %2, align 8, !invariant.load !3
  %4 = load ptr, ptr %3, align 8, !invariant.load !3
  %5 = getelementptr inbounds nuw i8, ptr %3, i64 16
  %6 = load ptr, ptr %5, align 8, !invariant.load !3
  %7 = getelementptr inbounds nuw i8, ptr %3, i64 32
  %8 = load ptr, ptr %7, align 8, !invariant.load !3
  %9 = getelementptr inbounds nuw i8, ptr %0, i64 8
  %10 = load ptr, ptr %9, align 8
  %11 = load i64, ptr %10, align 4, !invariant.load !3
  %.not.not = icmp slt i64 %11, 1
  br i1 %.not.not, label %.lr.ph, label %._crit_edge

.lr.ph:                                           ; preds = %1
  %savedstack = tail call ptr @llvm.stacksave.p0()
  %.sroa.0.0.copyload38 = load <8 x i8>, ptr %4, align 1
  %.sroa.4.0..sroa_idx = getelementptr inbounds nuw i8, ptr %4, i64 8
  %.sroa.4.0.copyload39 = load <8 x i8>, ptr %.sroa.4.0..sroa_idx, align 1
  %.sroa.5.0..sroa_idx = getelementptr inbounds nuw i8, ptr %4, i64 16
  %.sroa.5.0.copyload40 = load <8 x i8>, ptr %.sroa.5.0..sroa_idx, align 1
  %.sroa.6.0..sroa_idx = getelementptr inbounds nuw i8, ptr %4, i64 24
  %.sroa.6.0.copyload41 = load <8 x i8>, ptr %.sroa.6.0..sroa_idx, align 1
  %.sroa.7.0..sroa_idx = getelementptr inbounds nuw i8, ptr %4, i64 32
  %.sroa.7.0.copyload42 = load <8 x i8>, ptr %.sroa.7.0..sroa_idx, align 1
  %.sroa.8.0..sroa_idx = getelementptr inbounds nuw i8, ptr %4, i64 40
  %.sroa.8.0.copyload43 = load <8 x i8>, ptr %.sroa.8.0..sroa_idx, align 1
  %.sroa.9.0..sroa_idx = getelementptr inbounds nuw i8, ptr %4, i64 48
  %.sroa.9.0.copyload44 = load <8 x i8>, ptr %.sroa.9.0..sroa_idx, align 1
  %.sroa.10.0..sroa_idx = getelementptr inbounds nuw i8, ptr %4, i64 56
  %.sroa.10.0.copyload45 = load <8 x i8>, ptr %.sroa.10.0..sroa_idx, align 1
  %12 = alloca [64 x i8], align 1
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(64) %12, ptr noundef nonnull align 1 dereferenceable(64) %6, i64 64, i1 false)
  %13 = alloca [64 x i8], align 64
  %14 = load <8 x i8>, ptr %12, align 1
  %15 = or <8 x i8> %14, %.sroa.0.0.copyload38
  %16 = icmp ne <8 x i8> %15, zeroinitializer
  %17 = zext <8 x i1> %16 to <8 x i8>
  store <8 x i8> %17, ptr %13, align 64
  %18 = getelementptr i8, ptr %12, i64 8
  %19 = load <8 x i8>, ptr %18, align 1
  %20 = or <8 x i8> %19, %.sroa.4.0.copyload39
  %21 = icmp ne <8 x i8> %20, zeroinitializer
  %22 = zext <8 x i1> %21 to <8 x i8>
  %23 = getelementptr inbounds nuw i8, ptr %13, i64 8
  store <8 x i8> %22, ptr %23, align 8
  %24 = getelementptr i8, ptr %12, i64 16
  %25 = load <8 x i8>, ptr %24, align 1
  %26 = or <8 x i8> %25, %.sroa.5.0.copyload40
  %27 = icmp ne <8 x i8> %26, zeroinitializer
  %28 = zext <8 x i1> %27 to <8 x i8>
  %29 = getelementptr inbounds nuw i8, ptr %13, i64 16
  store <8 x i8> %28, ptr %29, align 16
  %30 = getelementptr i8, ptr %12, i64 24
  %31 = load <8 x i8>, ptr %30, align 1
  %32 = or <8 x i8> %31, %.sroa.6.0.copyload41
  %33 = icmp ne <8 x i8> %32, zeroinitializer
  %34 = zext <8 x i1> %33 to <8 x i8>
  %35 = getelementptr inbounds nuw i8, ptr %13, i64 24
  store <8 x i8> %34, ptr %35, align 8
  %36 = getelementptr i8, ptr %12, i64 32
  %37 = load <8 x i8>, ptr %36, align 1
  %38 = or <8 x i8> %37, %.sroa.7.0.copyload42
  %39 = icmp ne <8 x i8> %38, zeroinitializer
  %40 = zext <8 x i1> %39 to <8 x i8>
  %41 = getelementptr inbounds nuw i8, ptr %13, i64 32
  store <8 x i8> %40, ptr %41, align 32
  %42 = getelementptr i8, ptr %12, i64 40
  %43 = load <8 x i8>, ptr %42, align 1
  %44 = or <8 x i8> %43, %.sroa.8.0.copyload43
  %45 = icmp ne <8 x i8> %44, zeroinitializer
  %46 = zext <8 x i1> %45 to <8 x i8>
  %47 = getelementptr inbounds nuw i8, ptr %13, i64 40
  store <8 x i8> %46, ptr %47, align 8
  %48 = getelementptr i8, ptr %12, i64 48
  %49 = load <8 x i8>, ptr %48, align 1
  %50 = or <8 x i8> %49, %.sroa.9.0.copyload44
  %51 = icmp ne <8 x i8> %50, zeroinitializer
  %52 = zext <8 x i1> %51 to <8 x i8>
  %53 = getelementptr inbounds nuw i8, ptr %13, i64 48
  store <8 x i8> %52, ptr %53, align 16
  %54 = getelementptr i8, ptr %12, i64 56
  %55 = load <8 x i8>, ptr %54, align 1
  %56 = or <8 x i8> %55, %.sroa.10.0.copyload45
  %57 = icmp ne <8 x i8> %56, zeroinitializer
  %58 = zext <8 x i1> %57 to <8 x i8>
  %59 = getelementptr inbounds nuw i8, ptr %13, i64 56
  store <8 x i8> %58, ptr %59, align 8
  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 1 dereferenceable(64) %8, ptr noundef nonnull align 64 dereferenceable(64) %13, i64 64, i1 false)
  call void @llvm.stackrestore.p0(ptr %savedstack)
  %scevgep9.1 = getelementptr i8, ptr %8, i64 64
  %savedstack.1 = tail call ptr @llvm.stacksave.p0()
  %scevgep.1 = getelementptr i8, ptr %4, i64 64
  %scevgep6.1 = getelementptr i8, ptr %6, i64 64
  %.sroa.0.0.copyload47 = load <8 x i8>, ptr %scevgep.1, align 1
  %60 = alloca [64 x i8], align 1
  %61 = load i64, ptr %scevgep6.1, align 1
  store i64 %61, ptr %60, align 1
  %62 = alloca [64 x i8], align 64
  %63 = load <8 x i8>, ptr %60, align 1
  %64 = or <8 x i8> %63, %.sroa.0.0.copyload47
  %65 = icmp ne <8 x i8> %64, zeroinitializer
  %66 = zext <8 x i1> %65 to <8 x i8>
  store <8 x i8> %66, ptr %62, align 64
  %67 = getelementptr inbounds nuw i8, ptr %62, i64 8
  store <8 x i8> splat (i8 1), ptr %67, align 8
  %68 = getelementptr inbounds nuw i8, ptr %62, i64 16
  store <8 x i8> splat (i8 1), ptr %68, align 16
  %69 = getelementptr inbounds nuw i8, ptr %62, i64 24
  store <8 x i8> splat (i8 1), ptr %69, align 8
  %70 = getelementptr inbounds nuw i8, ptr %62, i64 32
  store <8 x i8> splat (i8 1), ptr %70, align 32
  %71 = getelementptr inbounds nuw i8, ptr %62, i64 40
  store <8 x i8> splat (i8 1), ptr %71, align 8
  %72 = getelementptr inbounds nuw i8, ptr %62, i64 48
  store <8 x i8> splat (i8 1), ptr %72, align 16
  %73 = getelementptr inbounds nuw i8, ptr %62, i64 56
  store <8 x i8> splat (i8 1), ptr %73, align 8
  %74 = load i64, ptr %62, align 64
  store i64 %74, ptr %scevgep9.1, align 1
  call void @llvm.stackrestore.p0(ptr %savedstack.1)
  br label %._crit_edge

._crit_edge:                                      ; preds = %.lr.ph, %1
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.memcpy.p0.p0.i64(ptr noalias writeonly captures(none), ptr noalias readonly captures(none), i64, i1 immarg) #1

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn
declare ptr @llvm.stacksave.p0() #2

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn
declare void @llvm.stackrestore.p0(ptr) #2

attributes #0 = { nofree norecurse nosync nounwind }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite) }
attributes #2 = { mustprogress nocallback nofree nosync nounwind willreturn }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__tiled_emitter__hlo_opcode__fusion"}
!3 = !{}
